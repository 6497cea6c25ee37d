def dev_mail_routes(folder):
    return []

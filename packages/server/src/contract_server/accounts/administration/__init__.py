"""What is done to accounts beside logging in: disabling them, changing their address, looking at them."""

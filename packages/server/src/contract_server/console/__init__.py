"""The contract-management pages (契約管理): what contractors and operators see, over the public API alone."""

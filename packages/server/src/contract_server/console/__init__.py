"""The contract-management pages (契約管理) for contractors and operators. They use the public API only."""

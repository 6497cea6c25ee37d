"""Policies: which periods apply to an application to end a contract, and which dates follow from one."""

from contract_rules.policy.fingerprint import changed_terms
from contract_rules.policy.registry import PolicyNotFound, PolicyRegistry, shipped_policies, terms_of
from contract_rules.policy.terms import Policy, PolicyError, require_policy
from contract_rules.policy.timeline import Deadline, DeadlineKind, Timeline
from contract_rules.policy.toml import parse_period, parse_policy

__all__ = [
    "Deadline",
    "DeadlineKind",
    "Policy",
    "PolicyError",
    "PolicyNotFound",
    "PolicyRegistry",
    "Timeline",
    "changed_terms",
    "parse_period",
    "parse_policy",
    "require_policy",
    "shipped_policies",
    "terms_of",
]

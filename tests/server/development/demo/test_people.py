"""The people of the demonstration are invented and distinct."""

from contract_server.development.demo.people import CONTRACTS, OPERATOR_EMAIL, member_names


def test_every_contract_has_its_number_of_members_and_the_contractor_is_the_first() -> None:
    for contract in CONTRACTS:
        members = member_names(contract)
        assert len(members) == contract.members
        assert members[0] == (contract.contractor, contract.email)


def test_no_address_occurs_twice_and_all_are_reserved_for_examples() -> None:
    addresses = [email for contract in CONTRACTS for _, email in member_names(contract)]
    assert len({*addresses, OPERATOR_EMAIL}) == len(addresses) + 1
    assert all(address.endswith("example.jp") for address in addresses)

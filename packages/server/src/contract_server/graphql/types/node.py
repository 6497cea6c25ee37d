"""The interface of everything that has an id."""

import strawberry
from strawberry.scalars import ID


@strawberry.interface(description="Whatever has an id of its own.")
class Node:
    id: ID = strawberry.field(description="Opaque and stable.")

"""
Which accounts share uids: user 17 of one product is not user 17 of another.

The owner says it in `SHARED_UIDS`; where nothing is said, accounts of one label are the same product's.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedUids:
    """The accounts (`fullstory/main`, …) by product; None where each label is a product."""

    products: tuple[frozenset[str], ...] | None = None

    @classmethod
    def of(cls, lists: Sequence[Sequence[str]]) -> "SharedUids":
        """What lists of accounts say, of which two that have an account in common are the same product's."""
        products: list[frozenset[str]] = []
        for accounts in map(frozenset, lists):
            same = [product for product in products if product & accounts]
            products = [product for product in products if product not in same]
            products.append(accounts.union(*same))
        return cls(tuple(products) or None)

    def product_of(self, account: str) -> str:
        """The product that an account's uids are of, as a word; an account in no list is one by itself."""
        if self.products is None:
            return account.partition("/")[2]
        return next((min(product) for product in self.products if account in product), account)

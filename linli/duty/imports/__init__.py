"""What can be imported into duty: the chain of posts with the people who hold them."""

from __future__ import annotations

from linli.core import importers
from linli.core.importers import Importer
from linli.duty.imports import chain, spec


def register() -> None:
    """Called when the application is ready."""
    importers.register(
        Importer(
            kind=spec.KIND, label=spec.LABEL, about=spec.ABOUT, permission=spec.PERMISSION, work=chain.import_chain,
            order=60, icon="hierarchy-2", spec=spec.CHAIN_SHEET, sample=spec.SAMPLE,
        )
    )  # fmt: skip

"""The table of roles and permissions as the documentation prints it."""

from __future__ import annotations

from linli.duty.terms import ALL_PERMISSIONS, PERMISSION_LABELS, PERMISSIONS, Role

ORDER = [name for name in PERMISSION_LABELS if name in ALL_PERMISSIONS]


def write_permission_table() -> str:
    """Markdown: a line for each permission, a column for each role."""
    roles = list(Role)
    lines = [
        "| permission | allows to | " + " | ".join(f"`{role.value}`" for role in roles) + " |",
        "| --- | --- | " + " | ".join(":-:" for _ in roles) + " |",
    ]
    for name in ORDER:
        marks = " | ".join("✓" if name in PERMISSIONS[role] else "" for role in roles)
        lines.append(f"| `{name}` | {PERMISSION_LABELS[name]} | {marks} |")
    return "\n".join(lines)

"""What the doctor found, with what to do about it; a part that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from demo.errors import DemoError, first_line

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Finding:
    """Whole sentences: what was found and what to do. A ``fault`` is something wrong, else it is a note."""

    what: str
    do: str = ""
    fault: bool = True

    def __str__(self) -> str:
        return f"{self.what} {self.do}".strip()


@dataclass(slots=True)
class Findings:
    """The findings so far, each of them once."""

    found: list[Finding] = field(default_factory=list)

    @property
    def faults(self) -> list[Finding]:
        return [finding for finding in self.found if finding.fault]

    def fault(self, what: str, do: str = "") -> None:
        """Add something that is wrong."""
        self._add(Finding(what, do))

    def note(self, what: str, do: str = "") -> None:
        """Add something worth knowing that is not wrong."""
        self._add(Finding(what, do, fault=False))

    def _add(self, finding: Finding) -> None:
        if finding not in self.found:
            self.found.append(finding)

    def attempt(self, what: str, part: Callable[[], Part]) -> Part | None:
        """Run one part of the examination and return its result; None when it failed.

        The examination goes on whatever breaks: any exception becomes a fault that begins with ``what``,
        and Ctrl+C ends this part only.
        """
        try:
            return part()
        except KeyboardInterrupt:
            self.fault(f"{what}: it was stopped.")
        except DemoError as error:
            self.fault(f"{what}: {error}")
        except Exception as error:
            self.fault(f"{what}: {first_line(error)} ({type(error).__name__}).")
        return None

"""Reading a manifest without losing its job meanwhile."""

from collections.abc import Iterator

from shared.workflow.claim import Claim
from shared.workflow.ports import Content


class Alive:
    """A manifest's content whose reading keeps the job's lease alive."""

    def __init__(self, content: Content, claim: Claim) -> None:
        """Read ``content`` for the job that is claimed."""
        self._content = content
        self._claim = claim

    @property
    def size(self) -> int:
        """Return the content's bytes."""
        return self._content.size

    def chunks(self) -> Iterator[bytes]:
        """Return the bytes, piece by piece."""
        for chunk in self._content.chunks():
            self._claim.keep_alive()
            yield chunk

    def identity(self) -> dict[str, object]:
        """Return what the record keeps of the content that has been read."""
        properties = self._content.properties
        return {"content": properties.content, "created": properties.created}

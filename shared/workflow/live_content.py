"""A manifest's content as an attempt reads it."""

from collections.abc import Iterator

from shared.workflow.claim import Claim
from shared.workflow.ports import Content


class LiveContent:
    """A manifest's content whose reading keeps the job's lease alive."""

    def __init__(self, content: Content, claim: Claim) -> None:
        """Read ``content`` for the job of a claim."""
        self._content = content
        self._claim = claim

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self._content.size

    def chunks(self) -> Iterator[bytes]:
        """Return the bytes from the first one on, at each call; raises as ``Content.chunks`` does."""
        for chunk in self._content.chunks():
            self._claim.keep_alive()
            yield chunk

    def identity(self) -> dict[str, object]:
        """Return what the record keeps of the content that has been read."""
        return identity(self._content)


def identity(content: Content) -> dict[str, object]:
    """Return what the record keeps of a content, as far as it is known by now."""
    return {"content": content.properties.content, "created": content.properties.created}

"""The web view: Flask over the product, for one user on this computer.

`create_app` is the application; `musictool_web.server` serves it. Everything a page does stands in
the API under `/api/v1`.
"""

from musictool_web.application import create_app

__all__ = ["create_app"]

"""One page of the built site in a browser context of its own, with all that goes wrong meanwhile."""

from __future__ import annotations

from typing import Any


def visit(browser: Any, address: str, path: str, width: int, mode: str) -> tuple[Any, list[str]]:
    """A page that has been loaded in a context of its own, and what went wrong meanwhile."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=mode)
    context.set_default_timeout(120_000)  # milliseconds: other checks may keep the machine busy
    context.add_init_script(f"localStorage.setItem('mode', '{mode}'); localStorage.setItem('theme', '{mode}')")
    page, wrong = context.new_page(), []

    def gate(route: Any) -> None:
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            wrong.append(f"foreign request: {route.request.url}")
            route.abort()

    page.route("**/*", gate)
    page.on("console", lambda m: wrong.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("response", lambda r: wrong.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    page.goto(address + path, wait_until="load")
    page.wait_for_function("() => !window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true)")
    return page, wrong

"""Ways to work a page: with a mouse, with the keyboard alone, with a thumb on a phone. The same story, told by each."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import FileChooser, Locator, Page

from tests.pages.site import DESK, PHONE
from tests.servers import until

MOST_TABS = 400


class Hand:
    """By mouse: every control is found by the name that people see or hear."""

    width = DESK

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, name: str) -> None:
        self._do(self.page.get_by_role("button", name=name).first)

    def follow(self, name: str) -> None:
        self._do(self.page.get_by_role("link", name=name).first)

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(label).select_option(label=option)

    def write(self, label: str, text: str) -> None:
        self.page.get_by_label(label).fill(text)

    def give(self, path: Path) -> None:
        self.page.locator("input[type=file]").set_input_files(path)

    def _do(self, control: Locator) -> None:
        control.click()


class Thumb(Hand):
    """On a phone's size; nothing may stick out at the side."""

    width = PHONE

    def _do(self, control: Locator) -> None:
        self.page.wait_for_load_state("load")  # or it would be measured before it has its styles
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{self.page.url} is {wide} px wide"
        control.click()


class Keys(Hand):
    """The keyboard alone: everything is reached by Tab, and the focus is where a person can see it."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.choosers: list[FileChooser] = []
        page.on(
            "filechooser", lambda c: self.choosers.append(c)
        )  # from the start: the browser takes a moment to hold dialogs back

    def reach(self, control: Locator) -> None:
        control.wait_for()
        element = control.element_handle()
        for _ in range(MOST_TABS):
            if element.evaluate("e => e === document.activeElement"):
                assert element.evaluate(
                    "e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 }"
                )
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{control} is not reached by Tab on {self.page.url}")

    def _do(self, control: Locator) -> None:
        self.reach(control)
        self.page.keyboard.press("Enter")

    def choose(self, label: str, option: str) -> None:
        self.reach(self.page.get_by_label(label))
        self.page.keyboard.type(option)

    def write(self, label: str, text: str) -> None:
        self.reach(self.page.get_by_label(label))
        self.page.keyboard.type(text)

    def give(self, path: Path) -> None:
        """The button of the file field opens the chooser; what happens there is the system's."""
        self.reach(self.page.locator("button.govuk-file-upload-button"))
        self.page.keyboard.press("Enter")

        def chosen() -> bool:
            self.page.wait_for_timeout(50)  # lets the browser speak
            return bool(self.choosers)

        until(chosen, what="the file chooser")
        self.choosers.pop().set_files(path)

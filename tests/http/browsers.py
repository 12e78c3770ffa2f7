"""A real Chromium with a page of the service."""

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from mcp_dynaload.catalog.tool import Json
from tests.waiting import HANG_SECONDS

ARTEFACTS = Path(__file__).parents[2] / ".cache" / "e2e-artefacts" / "dashboard"
VIEWS = {
    "overview": "Overview",
    "sessions": "Sessions",
    "tools": "Tools",
    "servers": "Servers",
    "misses": "Misses and fallbacks",
    "alerts": "Alerts",
    "try": "Try a prompt",
}

_Found = TypeVar("_Found")


class Page:
    """A browser with the dashboard."""

    def __init__(self, driver: webdriver.Chrome, origin: str) -> None:
        self.driver, self.origin = driver, origin

    def until(self, look: Callable[[], _Found]) -> _Found:
        """Wait until `look` gives something, and return that."""
        gone = (NoSuchElementException, StaleElementReferenceException)
        return WebDriverWait(self.driver, HANG_SECONDS, 0.05, gone).until(lambda _: look())

    def view(self, name: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, f'nav a[href="#{name}"]').click()
        self.until(lambda: self.driver.find_element(By.TAG_NAME, "h2").text == VIEWS[name])

    def find(self, selector: str) -> WebElement:
        return self.until(lambda: self.driver.find_element(By.CSS_SELECTOR, selector))

    def press(self, selector: str, key: str = "") -> None:
        """Click it, or press a key on it; once more if it was drawn anew meanwhile."""

        def pressed() -> bool:
            element = self.driver.find_element(By.CSS_SELECTOR, selector)
            if key:
                element.send_keys(key)
            else:
                element.click()
            return True

        self.until(pressed)

    def until_text(self, selector: str, text: str) -> str:
        def found() -> str:
            shown = self.driver.find_element(By.CSS_SELECTOR, selector).text
            return shown if text in shown else ""

        return self.until(found)

    def shoot(self, name: str) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        (ARTEFACTS / f"{name}.png").write_bytes(self.driver.get_screenshot_as_png())

    def in_scheme(self, scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        command: Json = {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}}
        self.driver.execute("executeCdpCommand", command)

    def complaints(self) -> list[str]:
        """Return the browser's complaints: a script or style that our policy forbids, a file that is not there."""
        entries: list[Json] = self.driver.execute("getLog", {"type": "browser"})["value"]
        return [str(entry["message"]) for entry in entries]


@contextmanager
def browser(origin: str) -> Generator[Page]:
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chromium, driver_path = shutil.which("chromium"), shutil.which("chromedriver")
    assert chromium, "chromium is missing: run .ci/install-e2e"
    assert driver_path, "chromedriver is missing: run .ci/install-e2e"
    options.binary_location = chromium
    driver = webdriver.Chrome(options, Service(driver_path))
    try:
        driver.get(origin)
        yield Page(driver, origin)
    finally:
        driver.quit()

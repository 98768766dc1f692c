//! The whole product from outside: its tests are in `tests/`, those of the page in `browser/`.

//! The path below which the server is reached, as behind a proxy that serves other programs too.

use std::fmt;
use std::str::FromStr;

/// The start of the path of every URL of the server: empty, or `/board` or `/airport/board`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// The reason why a text is not a base path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseBasePathError;

impl BasePath {
    /// Removes this path from the start of `path`, in any letter case as in all paths. Leaves other paths as they
    /// are: some proxies remove it themselves, and monitoring rarely goes through the proxy.
    pub(crate) fn strip<'a>(&self, path: &'a str) -> &'a str {
        match path.split_at_checked(self.0.len()) {
            Some((start, "")) if start.eq_ignore_ascii_case(&self.0) => "/",
            Some((start, rest)) if start.eq_ignore_ascii_case(&self.0) && rest.starts_with('/') => {
                rest
            }
            _ => path,
        }
    }

    /// Without a slash at the end.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BasePath {
    type Err = ParseBasePathError;

    /// Parses a path of letters, digits, `-`, `.`, `_` and `~`, which need no encoding in a URL (RFC 3986,
    /// section 2.3). A trailing slash makes no difference; `/` and the empty text are the root.
    fn from_str(text: &str) -> Result<Self, ParseBasePathError> {
        let path = text.strip_suffix('/').unwrap_or(text);
        if path.is_empty() {
            return Ok(Self::default());
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        // A browser resolves segments of dots itself.
        let is_segment =
            |segment: &str| !["", ".", ".."].contains(&segment) && segment.bytes().all(is_plain);
        match path.strip_prefix('/') {
            Some(segments) if segments.split('/').all(is_segment) => Ok(Self(path.to_owned())),
            _ => Err(ParseBasePathError),
        }
    }
}

impl fmt::Display for ParseBasePathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "must be a path such as /board or /airport/board: a slash before each part, and parts of letters, \
             digits, -, ., _ or ~",
        )
    }
}

impl std::error::Error for ParseBasePathError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_paths_are_plain_paths() {
        for (text, path) in [
            ("", ""),
            ("/", ""),
            ("/board", "/board"),
            ("/board/", "/board"),
            ("/Airport/board-2.0_x~y/", "/Airport/board-2.0_x~y"),
        ] {
            assert_eq!(text.parse(), Ok(BasePath(path.to_owned())));
        }
        for bad in [
            "board",
            "board/",
            "//",
            "//board",
            "/board//",
            "/a//b",
            "/a b",
            " /a",
            "/a?b",
            "/a#b",
            "/a%20b",
            "/..",
            "/a/./b",
            "/a\\b",
            "http://x/board",
            "/börd",
            "/a\n",
        ] {
            assert_eq!(bad.parse::<BasePath>(), Err(ParseBasePathError), "{bad}");
        }
    }

    #[test]
    fn only_paths_below_are_stripped() {
        let base: BasePath = "/a/Board".parse().unwrap();
        for (path, rest) in [
            ("/a/board", "/"),
            ("/A/BOARD/", "/"),
            ("/a/board/boards/X", "/boards/X"),
            ("/a/board/a/board", "/a/board"),
            ("/a/boards", "/a/boards"),
            ("/a", "/a"),
            ("/", "/"),
            ("*", "*"),
            ("/a/boar\u{f6}", "/a/boar\u{f6}"),
        ] {
            assert_eq!(base.strip(path), rest, "{path}");
            assert_eq!(BasePath::default().strip(path), path);
        }
    }
}

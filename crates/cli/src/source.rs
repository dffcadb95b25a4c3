//! How a fault in a text is shown: file, line, column, the span underlined, and what to do.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A fault in a text that the user wrote.
#[derive(Debug)]
pub(crate) struct Excerpt {
    /// The name of the file.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// Where the fault is, in bytes.
    pub(crate) span: Range<usize>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do; empty for nothing.
    pub(crate) help: String,
}

impl Excerpt {
    /// As rustc would show it.
    pub(crate) fn render(&self, is_coloured: bool) -> String {
        let snippet = Snippet::source(&self.text)
            .path(&self.path)
            .annotation(AnnotationKind::Primary.span(self.span.clone()));
        let mut report = vec![Level::ERROR.primary_title(&self.message).element(snippet)];
        if !self.help.is_empty() {
            report.push(Group::with_title(Level::HELP.secondary_title(&self.help)));
        }
        let renderer = if is_coloured { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&report)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Excerpt {}

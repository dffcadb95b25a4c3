//! Markdown as prose: what is code, an image or an address in it is none.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::html::Html;
use super::text::{Builder, Document, Kind};

pub(crate) fn read(source: &str) -> Document {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    let mut reader = Reader { builder: Builder::new(source), html: Html::default(), silent: 0 };
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        reader.take(event, range);
    }
    reader.builder.done()
}

struct Reader<'a> {
    builder: Builder<'a>,
    html: Html,
    /// In how many things we are whose text is no prose.
    silent: usize,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            // The lines of a block come one by one, and a comment may go over several.
            Event::Start(Tag::HtmlBlock) => {
                self.builder.end();
                self.html.take(range, &mut self.builder);
            }
            Event::Html(_) => {}
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag, range.end),
            Event::InlineHtml(_) => self.html.take(range, &mut self.builder),
            _ if self.silent > 0 || self.html.is_silent() => {}
            Event::Text(text) => self.builder.instead(&text, range),
            Event::Code(code) => {
                let begun = self.builder.code_begin();
                let inner = self.builder.source[range.clone()].find(&*code).map(|at| range.start + at);
                let inner = inner.map_or(range, |at| at..at + code.len());
                self.builder.instead(&code, inner);
                self.builder.code_end(begun);
            }
            Event::SoftBreak | Event::HardBreak => self.builder.instead(" ", range),
            Event::Rule => self.builder.end(),
            Event::TaskListMarker(false) => self.builder.begin(Kind::Open),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::CodeBlock(_) | Tag::Image { .. } | Tag::MetadataBlock(_) | Tag::Strikethrough => {
                self.silent += 1;
            }
            Tag::Heading { .. } => self.builder.begin(Kind::Heading),
            Tag::TableHead | Tag::TableRow => self.builder.begin(Kind::Row),
            Tag::Paragraph
            | Tag::Item
            | Tag::List(_)
            | Tag::BlockQuote(_)
            | Tag::Table(_)
            | Tag::FootnoteDefinition(_) => self.builder.end(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, at: usize) {
        match tag {
            TagEnd::CodeBlock | TagEnd::Image | TagEnd::MetadataBlock(_) | TagEnd::Strikethrough => {
                self.silent = self.silent.saturating_sub(1);
            }
            TagEnd::TableCell => self.builder.instead(" | ", at..at),
            TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::Item
            | TagEnd::BlockQuote(_)
            | TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::Table
            | TagEnd::FootnoteDefinition => self.builder.end(),
            // An element may be open over several blocks of HTML with Markdown between them.
            _ => {}
        }
    }
}

//! Where in its text a step of a scenario stands, for whoever cannot carry it out.

use std::ops::Range;

use constellation_trace::TrueTime;
use toml::de::DeTable;

use super::reader::Section;
use super::{Scenario, units};

impl Scenario {
    /// Where in `text`, from which it was read, its step number `step` stands, from 0 in the order of time.
    ///
    /// `None` if this is not its text, or if the step was added later. Reads the text once more.
    ///
    /// ```
    /// use constellation_lab::Scenario;
    ///
    /// let text = "nodes = [\"pacific\"]\nend = \"1s\"\n\
    ///             steps = [{ at = \"1s\", do = \"heal\" }, { at = \"0s\", do = \"crash\", node = \"pacific\" }]";
    /// let scenario = Scenario::parse("mine", text).expect("it is sound");
    /// let span = scenario.step_span(text, 0).expect("it is its text");
    /// assert!(text[span].contains("crash"));
    /// ```
    pub fn step_span(&self, text: &str, step: usize) -> Option<Range<usize>> {
        let document = DeTable::parse(text).ok()?;
        let file = Section::new(document.get_ref(), 0..0, "the file");
        let sections = file.get("steps")?.sections("a step").ok()?;
        let mut spans = Vec::new();
        for section in &sections {
            let at = section.require("at").ok()?.parsed("a duration", units::duration).ok()?;
            spans.push((at, section.span()));
        }
        // As the steps themselves: those of one time in the order of the file.
        spans.sort_by_key(|(at, _)| *at);
        if spans.len() > self.steps.len() {
            return None;
        }
        let mut spans = spans.into_iter().peekable();
        let mut found = None;
        for own in self.steps.get(..=step)? {
            let at = own.at.since(TrueTime::from_ns(0));
            // What was added comes after the text's own steps of the same time.
            found = spans.next_if(|(time, _)| *time == at).map(|(_, span)| span);
        }
        found
    }

    /// Where in `text`, from which it was read, the value of `key` stands: in the table `rules` (such as `links`) number
    /// `rule`, or in the table `default` (such as `link`) if it does not stand there.
    ///
    /// `None` if it stands in neither. Reads the text once more.
    pub fn key_span(
        text: &str,
        default: &str,
        rules: &str,
        rule: Option<usize>,
        key: &str,
    ) -> Option<Range<usize>> {
        let document = DeTable::parse(text).ok()?;
        let file = document.get_ref();
        let own =
            rule.and_then(|rule| file.get(rules)?.get_ref().as_array()?.get(rule)?.get_ref().as_table());
        let default = file.get(default).and_then(|table| table.get_ref().as_table());
        own.and_then(|table| table.get(key)).or_else(|| default?.get(key)).map(|value| value.span())
    }
}

//! What a command line adds to a scenario: steps, and wall clocks that lie, each read as the file's own.

use std::ops::Range;

use constellation_trace::TrueTime;

use super::given::{self, settings};
use super::lives::check_lives;
use super::reader::{ScenarioError, Section};
use super::steps::{STEPS_MAX, Step};
use super::walls::{WallRule, described_twice};
use super::{Scenario, units};

impl Scenario {
    /// This scenario with more steps, one on each line of `steps`: `KEY=VALUE` with the keys and values of `[[steps]]`,
    /// joined by commas.
    ///
    /// A value stands without quotes, unless commas, brackets or spaces at its ends are part of it; a list is written as in
    /// TOML: `at=1s,do=partition,between=[["pacific"],["atlantic"]]`. A step of the same time as others comes after them.
    ///
    /// # Errors
    /// What is wrong, as in a file, with its place in `steps`: what is no `KEY=VALUE`, a key given twice, what a step
    /// refuses, and what cannot happen beside the scenario's own steps.
    ///
    /// ```
    /// use constellation_lab::incidents;
    ///
    /// let scenario = incidents::find("conjunction").expect("it ships").scenario();
    /// let more = scenario.with_steps("at=3s,do=crash,node=pacific\nat=4s,do=restart,node=pacific,disk=lost").unwrap();
    /// assert_eq!(more.steps.len(), scenario.steps.len() + 2);
    ///
    /// let refused = scenario.with_steps("at=3s,do=crash,node=pacifc").unwrap_err();
    /// assert_eq!(refused.to_string(), "there is no node `pacifc` (did you mean `pacific`?)");
    /// assert_eq!(refused.span, 20..26);
    /// ```
    pub fn with_steps(&self, steps: &str) -> std::result::Result<Scenario, ScenarioError> {
        const HELP: &str = "such as `at=2s,do=crash,node=pacific`";
        let mut added: Vec<(Step, Range<usize>)> = Vec::new();
        for line in lines(steps) {
            let settings = settings(steps, line.clone(), HELP)?;
            let step = given::read(&settings, "a step", |section| self.read_step(section))?;
            added.push((step, line));
        }
        if self.steps.len() + added.len() > STEPS_MAX {
            let message = format!("a scenario has at most {STEPS_MAX} steps");
            return Err(ScenarioError::new(0..steps.len(), message));
        }
        let all = self.merged(&added, None);
        check_lives(&self.nodes, self.end, &self.walls, &all).map_err(|error| self.blame(&added, error))?;
        Ok(Scenario { steps: all.into_iter().map(|(step, _)| step).collect(), ..self.clone() })
    }

    /// The scenario's own steps, which have no place in what is given, and those that are added but for one.
    fn merged(&self, added: &[(Step, Range<usize>)], but: Option<usize>) -> Vec<(Step, Range<usize>)> {
        let own = self.steps.iter().map(|step| (step.clone(), 0..0));
        let added = added.iter().enumerate().filter(|(place, _)| Some(*place) != but);
        let mut all: Vec<_> = own.chain(added.map(|(_, added)| added.clone())).collect();
        // Stable: steps of one time happen in the order of the file, and then as they are given.
        all.sort_by_key(|(step, _)| step.at);
        all
    }

    /// An error at a step of the scenario is owed to the first added one without which there would be none.
    fn blame(&self, added: &[(Step, Range<usize>)], mut error: ScenarioError) -> ScenarioError {
        if error.span.is_empty() {
            let is_sound =
                |but| check_lives(&self.nodes, self.end, &self.walls, &self.merged(added, Some(but))).is_ok();
            let place = (0..added.len()).find(|place| is_sound(*place)).or(added.len().checked_sub(1));
            error.span = place.map_or(0..0, |place| added[place].1.clone());
            error.message = format!("with this step, {}", error.message);
        }
        error
    }

    /// Where in `steps`, which were added last, its step number `step` stands, from 0 in the order of time.
    ///
    /// `None` if it is none of these.
    pub fn added_step_span(&self, steps: &str, step: usize) -> Option<Range<usize>> {
        let mut spans = Vec::new();
        for line in lines(steps) {
            let settings = settings(steps, line.clone(), "").ok()?;
            let read = |section: &Section<'_>| section.require("at")?.parsed("a duration", units::duration);
            spans.push((given::read(&settings, "a step", read).ok()?, line));
        }
        spans.sort_by_key(|(at, _)| *at);
        let mut spans = spans.into_iter().rev().peekable();
        let mut found = None;
        for own in self.steps.get(step..)?.iter().rev() {
            let at = own.at.since(TrueTime::from_ns(0));
            // What was added comes after the other steps of the same time.
            found = spans.next_if(|(time, _)| *time == at).map(|(_, span)| span);
        }
        found
    }

    /// This scenario with other wall clocks, one on each line of `walls`: `KEY=VALUE` with the keys and values of
    /// `[[walls]]`, joined by commas, such as `node=pacific,ahead=600ms`. What the scenario says of the same clock counts no
    /// more.
    ///
    /// # Errors
    /// What is wrong, as in a file, with its place in `walls`.
    pub fn with_walls(&self, walls: &str) -> std::result::Result<Scenario, ScenarioError> {
        const HELP: &str = "such as `node=pacific,ahead=600ms`";
        let mut added: Vec<WallRule> = Vec::new();
        for line in lines(walls) {
            let settings = settings(walls, line, HELP)?;
            let rule = given::read(&settings, "[[walls]]", |section| {
                let rule = self.read_wall(section)?;
                let is_twice = added.iter().any(|other| other.node == rule.node);
                if is_twice { Err(described_twice(section, &rule)) } else { Ok(rule) }
            })?;
            added.push(rule);
        }
        let own = self.walls.iter().filter(|rule| added.iter().all(|other| other.node != rule.node));
        let walls = own.chain(&added).cloned().collect();
        Ok(Scenario { walls, ..self.clone() })
    }
}

/// The place of each line.
fn lines(given: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    given.split('\n').map(move |line| {
        let span = start..start + line.len();
        start = span.end + 1;
        span
    })
}

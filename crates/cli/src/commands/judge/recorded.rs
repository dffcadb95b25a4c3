//! A violation in what clients of a run of ours saw, told as one in a history is.

use constellation_lab::Modelled;
use constellation_trace::Trace;
use serde_json::{Value, json};

use super::evidence::{self, Ways};
use super::shown::{Shown, explain};
use crate::printer::Printer;

/// What shows it.
pub(crate) struct Recorded {
    shown: Shown,
    /// What else is to be known of it, a line each.
    pub(crate) notes: Vec<String>,
}

impl Recorded {
    /// How a run violates the model of this name, if it does.
    pub(crate) fn of(modelled: &Modelled<'_>, model: &str, trace: &Trace) -> Option<Recorded> {
        let mut shown = modelled.look(model, trace, |violation, patience| {
            explain(violation.model, violation.seen, violation.recorded, violation.anomaly, patience)
        })?;
        let notes = std::mem::take(&mut shown.notes);
        Some(Recorded { shown, notes })
    }

    /// Prints it but for the notes, with a column a session where they fit.
    pub(crate) fn print(&self, printer: &mut Printer) -> anyhow::Result<()> {
        evidence::print(&self.shown, Ways::default(), "", printer)
    }

    pub(crate) fn json(&self) -> Value {
        let mut object = evidence::json(&self.shown);
        object["notes"] = json!(self.notes);
        object
    }
}

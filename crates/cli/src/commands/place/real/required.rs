//! `constellation place --real --require`: whether a server is as it must be, in each of its runs.

use constellation_lab::placement::requirements::{Fulfilled, Requirement};
use serde_json::json;

use super::super::{histories, required};
use super::measured::{Measured, Run};
use super::{json, runs};
use crate::args::Place;
use crate::commands::judge::worse;
use crate::printer::{Printer, faint};

/// What each server must be.
pub(super) struct Wanted {
    text: String,
    requirement: Requirement,
}

impl Wanted {
    pub(super) fn of(text: &str) -> anyhow::Result<Wanted> {
        Ok(Wanted { text: text.to_owned(), requirement: required::requirement(text)? })
    }

    /// Checks and tells it. `code` is what the exit code would be otherwise.
    pub(super) fn check(
        &self,
        all: &[Measured],
        code: u8,
        arguments: &Place,
        printer: &mut Printer,
    ) -> anyhow::Result<u8> {
        let checked: Vec<(&Measured, Vec<(&Run, Fulfilled)>)> =
            all.iter().map(|measured| (measured, self.of_runs(measured))).collect();
        let of_mode = |(measured, runs): &(&Measured, Vec<(&Run, Fulfilled)>)| {
            exit_code(runs.iter().map(|(_, fulfilled)| required::exit_code(fulfilled)), measured.wanted)
        };
        // That a cell is not known matters only where it is asked for.
        let code = if code == 3 { 0 } else { code };
        let code = checked.iter().map(of_mode).fold(code, worse);
        let runs = || checked.iter().flat_map(|(measured, runs)| runs.iter().map(move |run| (measured, run)));
        if arguments.json {
            let mut object = json::of(all, &[], code);
            object["requires"] = json!(self.text);
            for (nth, (_, (run, fulfilled))) in runs().enumerate() {
                object["servers"][nth]["requirement"] = required::as_json(&run.real.placement, fulfilled);
            }
            printer.json(&object)?;
            return Ok(code);
        }
        for (measured, (run, fulfilled)) in runs() {
            required::print(&run.real.placement, &self.text, fulfilled, printer)?;
            if measured.wanted > 1 {
                printer.line(faint(&format!("  in run {} of {}", run.nth, measured.wanted)))?;
            }
            run.real.doubts.iter().try_for_each(|doubt| printer.line(format!("  in doubt: {doubt}")))?;
        }
        all.iter().try_for_each(|measured| runs::failures(measured, printer))?;
        histories::tell(arguments, &runs::rounds(all), printer)?;
        Ok(code)
    }

    fn of_runs<'m>(&self, measured: &'m Measured) -> Vec<(&'m Run, Fulfilled)> {
        measured.runs.iter().map(|run| (run, self.requirement.check(&run.real.placement))).collect()
    }
}

/// Of a mode: one run that is not as it must be is enough; else more than half of all must be known to be.
fn exit_code(runs: impl Iterator<Item = u8> + Clone, wanted: u32) -> u8 {
    let met = runs.clone().filter(|code| *code == 0).count();
    match () {
        () if runs.clone().any(|code| code == 1) => 1,
        () if met * 2 > usize::try_from(wanted).unwrap_or(usize::MAX) => 0,
        () => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_that_breaks_a_requirement_is_enough_and_one_that_is_unknown_is_not() {
        let table: [(&[u8], u32, u8); 7] = [
            (&[0], 1, 0),
            (&[3], 1, 3),
            (&[0, 3, 0], 3, 0),
            (&[0, 3, 3], 3, 3),
            (&[0, 0, 1], 3, 1),
            (&[3, 3, 1], 3, 1),
            // Two could not be measured.
            (&[0], 3, 3),
        ];
        for (runs, wanted, expected) in table {
            assert_eq!(exit_code(runs.iter().copied(), wanted), expected, "{runs:?} of {wanted}");
        }
    }
}

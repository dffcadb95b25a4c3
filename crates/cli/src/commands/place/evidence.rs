//! The smallest part of a round that is not linearizable, told as `constellation judge` tells it.

use anyhow::Context as _;
use constellation_lab::modelled::recorded;
use constellation_lab::placement::Placement;
use constellation_lab::placement::judged::Violation;
use constellation_lab::placement::record::Record;
use constellation_lab::placement::written::trace_of;
use constellation_trace::format::histories::{HistoryFormat, read};
use constellation_trace::format::jsonl;
use constellation_verify::Budget;
use constellation_verify::models::{Finding, Linearizable, Model, Patience};

use crate::commands::judge::evidence::{self, Ways};
use crate::commands::judge::shown::{Shown, explain};
use crate::printer::Printer;

/// What shows that these operations of a round are not linearizable; `None` if a judge alone with them sees nothing.
pub(super) fn shown(record: &Record, operations: &[usize]) -> anyhow::Result<Option<Shown>> {
    shown_by(&Linearizable, record, operations)
}

/// As [`shown`], of a model.
pub(in crate::commands) fn shown_by(
    model: &dyn Model,
    record: &Record,
    operations: &[usize],
) -> anyhow::Result<Option<Shown>> {
    let trace = trace_of(record, operations)?;
    // As it would be read from a file, so that both say the same.
    let imported = read(jsonl::to_string(&trace).as_bytes(), HistoryFormat::Trace)?;
    let sessions = imported.reads_and_writes()?;
    let recorded = recorded(&imported, Some(&sessions));
    let mut patience = Patience::new(Budget::default());
    let Finding::Violated(anomaly) = model.judge(&recorded, &mut patience) else { return Ok(None) };
    let mut patience = Patience::new(Budget::default());
    Ok(Some(explain(model, &imported, &recorded, &anomaly, &mut patience)))
}

/// Prints what shows a violation of a placement.
pub(super) fn print(
    placement: &Placement,
    violation: &Violation,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let record = placement.records.get(violation.round).context("the violation is of another placement")?;
    print_of(&Linearizable, record, violation, printer)
}

/// As [`print`](fn@print), of a model and a round that is judged apart.
pub(super) fn print_of(
    model: &dyn Model,
    record: &Record,
    violation: &Violation,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    match shown_by(model, record, &violation.operations)? {
        Some(shown) => evidence::print(&shown, Ways::default(), "", printer),
        None => Ok(()),
    }
}

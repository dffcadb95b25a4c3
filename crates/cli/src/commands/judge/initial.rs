//! A value that registers hold at first, as the command line names it: whoever reads it has read nothing that was written.

use anyhow::bail;
use constellation_trace::format::histories::{Content, HistoryFormat, Imported};
use constellation_trace::{Access, Act, Call, History, Sessions, Value};

/// What columns of numbers take for the initial value where nothing is said.
const ZERO: &str = "0";

/// The same history, in which reads of `initial` show nothing, compare-and-sets that expect it expect nothing, and nothing
/// else does: a 0 in columns shows a 0 then.
///
/// # Errors
/// Where somebody writes it, too: then it cannot be told which one is meant. And where something is no register: it is judged
/// from empty.
pub(super) fn settled(mut imported: Imported, initial: &str) -> anyhow::Result<Imported> {
    let is_of_numbers = matches!(imported.format, HistoryFormat::Plume | HistoryFormat::Blocks);
    let is_zero_written = is_of_numbers && initial != ZERO;
    if is_zero_written && let Some(written) = imported.readings.pop() {
        // The last of its meanings is that each 0 was written.
        imported = written;
    }
    imported.content = match imported.content {
        Content::Operations(history) => Content::Operations(of_history(history, initial)?),
        Content::Transactions(sessions) => {
            let nothing = if is_zero_written { Some(ZERO) } else { None };
            Content::Transactions(of_sessions(sessions, initial, nothing)?)
        }
        other => other,
    };
    let readings = std::mem::take(&mut imported.readings);
    imported.readings =
        readings.into_iter().map(|reading| settled(reading, initial)).collect::<anyhow::Result<_>>()?;
    Ok(imported)
}

fn of_history(history: History, initial: &str) -> anyhow::Result<History> {
    for operation in history.operations() {
        match &operation.call {
            Call::Append { .. } | Call::Add { .. } => {
                bail!(no_register(&operation.call.to_string(), initial))
            }
            Call::Other { .. } if !operation.call.is_put_if_absent() => {
                bail!(no_register(&operation.call.to_string(), initial));
            }
            Call::Other { argument, .. } if operation.call.is_put_if_absent() && argument == initial => {
                bail!(written(&operation.call.to_string(), initial));
            }
            Call::Write { value, .. } | Call::CompareAndSet { value, .. } if value == initial => {
                bail!(written(&operation.call.to_string(), initial));
            }
            _ => {}
        }
    }
    Ok(history.without_initial(initial))
}

/// `nothing` is what reads of nothing show, if it is something.
fn of_sessions(mut sessions: Sessions, initial: &str, nothing: Option<&str>) -> anyhow::Result<Sessions> {
    let initial_value = sessions.value(initial)?;
    let nothing = nothing.map_or(Ok(Value::NOTHING), |text| sessions.value(text))?;
    let mut settled = sessions.sub(&[]);
    let is_list = |access: &Access| matches!(access.act, Act::Append | Act::ReadList);
    for id in sessions.ids() {
        if sessions.accesses(id).iter().any(is_list) {
            bail!(no_register(&sessions.show(id), initial));
        }
        let mut accesses: Vec<Access> = sessions.accesses(id).to_vec();
        for access in &mut accesses {
            if access.act == Act::Read && access.value == Value::NOTHING {
                access.value = nothing;
            }
        }
        for access in accesses.iter_mut().filter(|access| access.value == initial_value) {
            match access.act {
                Act::Read => access.value = Value::NOTHING,
                Act::Write => bail!(written(&sessions.show(id), initial)),
                _ => {}
            }
        }
        let pushed = settled.push(sessions.transaction(id), &accesses)?;
        if sessions.is_final(id) {
            settled.mark_final(pushed);
        }
    }
    Ok(settled)
}

fn written(what: &str, initial: &str) -> String {
    let what = what.trim_end();
    format!(
        "`{what}` writes what registers hold at first, so that nobody knows which {initial} is read\nhelp: leave out --initial"
    )
}

fn no_register(what: &str, initial: &str) -> String {
    let what = what.trim_end();
    format!(
        "`{what}` is of no register, and only registers can hold {initial} at first: all else is judged from empty\nhelp: leave out --initial"
    )
}

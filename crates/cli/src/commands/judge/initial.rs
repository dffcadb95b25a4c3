//! A value that registers hold at first, as the command line names it: whoever reads it has read nothing that was written.

use anyhow::bail;
use constellation_trace::format::histories::{Content, Imported};
use constellation_trace::{Access, Act, Call, History, Sessions, Value};

/// The same history, in which reads of `initial` show nothing.
///
/// # Errors
/// Where somebody writes it, too, or expects it: then it cannot be told which one is meant.
pub(super) fn settled(mut imported: Imported, initial: &str) -> anyhow::Result<Imported> {
    imported.content = match imported.content {
        Content::Operations(history) => Content::Operations(of_history(history, initial)?),
        Content::Transactions(sessions) => Content::Transactions(of_sessions(sessions, initial)?),
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
            Call::Write { value, .. } | Call::Append { value, .. } | Call::CompareAndSet { value, .. }
                if value == initial =>
            {
                bail!(written(&operation.call.to_string(), initial));
            }
            Call::CompareAndSet { expected, .. } if expected == initial => {
                bail!(
                    "`{}` expects what registers hold at first, which can only be read here\nhelp: leave out --initial",
                    operation.call.to_string().trim_end()
                );
            }
            _ => {}
        }
    }
    Ok(history.without_initial(initial))
}

fn of_sessions(mut sessions: Sessions, initial: &str) -> anyhow::Result<Sessions> {
    let initial_value = sessions.value(initial)?;
    let mut settled = sessions.sub(&[]);
    for id in sessions.ids() {
        let mut accesses: Vec<Access> = sessions.accesses(id).to_vec();
        for access in accesses.iter_mut().filter(|access| access.value == initial_value) {
            match access.act {
                Act::Read => access.value = Value::NOTHING,
                Act::Write | Act::Append => bail!(written(&sessions.show(id), initial)),
                _ => {}
            }
        }
        settled.push(sessions.transaction(id), &accesses)?;
    }
    Ok(settled)
}

fn written(what: &str, initial: &str) -> String {
    let what = what.trim_end();
    format!(
        "`{what}` writes what registers hold at first, so that nobody knows which {initial} is read\nhelp: leave out --initial"
    )
}

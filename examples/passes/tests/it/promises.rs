//! What the booking of passes promises: plain functions over what happened.

use std::collections::BTreeMap;

use constellation_lab::prelude::*;

/// Two stations that talk to one satellite at a time hear neither.
pub(crate) fn one_holder_a_window(trace: &Trace) -> Result<(), Breach> {
    let mut holders = BTreeMap::new();
    for now in labelled(trace) {
        if let Some(window) = now.label.strip_prefix("gives up ") {
            holders.remove(window);
        }
        if let Some(window) = now.label.strip_prefix("holds ") {
            let Some(before) = holders.insert(window, now) else { continue };
            let between = labelled(trace).filter(|event| (before.event..=now.event).contains(&event.event));
            return Err(Breach::new(
                format!("{window} has one holder at a time"),
                format!("{} holds {window}, which {} has not given up", now.name, before.name),
            )
            .shown_by(between.filter(|event| event.label.ends_with(window)).map(|event| event.event))
            .by_rule("a station holds its window from when it hears of it until it gives it up"));
        }
    }
    Ok(())
}

/// Whoever wants a window gets one, once nothing goes wrong any more.
pub(crate) fn nobody_waits(trace: &Trace) -> Result<(), Breach> {
    let mut waiting = BTreeMap::new();
    for now in labelled(trace) {
        if now.label == "wants a window" {
            waiting.insert(now.node, now);
        } else if now.label.starts_with("holds ") {
            waiting.remove(&now.node);
        }
    }
    let Some(unheard) = waiting.into_values().next() else { return Ok(()) };
    Err(Breach::new(
        format!("{} gets a window", unheard.name),
        "it has none, and nothing goes wrong any more",
    )
    .shown_by([unheard.event])
    .by_rule("there are as many windows as stations, and everybody asks until it is answered"))
}

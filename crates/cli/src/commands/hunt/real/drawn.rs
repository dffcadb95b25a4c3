//! What was found of a real server, drawn: what its clients asked and saw, what was done to the sites meanwhile, and in it
//! the smallest part that shows what is wrong.

use constellation_lab::placement::SITE_NAMES;
use constellation_lab::placement::written::trace;
use constellation_report::world::Doing;
use constellation_servers::hunt::rounds::Found;
use constellation_servers::hunt::schedule::{Fault, Harm};
use constellation_trace::{NodeId, Trace, TrueTime};

use super::caught::Caught;
use super::told::{again, shown};
use crate::args::Drawn;
use crate::commands::judge::drawn::{Promised, judgement_of};
use crate::commands::judge::model;
use crate::pictures::{self, Times, Told};
use crate::printer::Printer;

/// Draws what was found first, if anything was; else says that there is nothing.
pub(super) fn draw(drawn: &Drawn, all: &[Caught], printer: &mut Printer) -> anyhow::Result<()> {
    let Some(flag) = drawn.flag() else { return Ok(()) };
    let mut found = all.iter().filter_map(|caught| Some((caught, caught.hunted.finding.as_ref()?)));
    let Some((caught, first)) = found.next() else {
        printer.tell(&format!("nothing was found, so {flag} has nothing to draw"));
        return Ok(());
    };
    let others = found.count();
    if others > 0 {
        printer.tell(&format!(
            "{flag} draws what was found of {}; hunt the others one at a time to have them drawn",
            caught.name
        ));
    }
    draw_found(drawn, caught, first)
}

fn draw_found(drawn: &Drawn, caught: &Caught, found: &Found) -> anyhow::Result<()> {
    let trace = trace(&found.record)?;
    let about = found.violation.model.map(model).transpose()?.map(|model| model.about());
    let claim = caught.claim;
    let promised = match about {
        Some(about) if claim.name() == about.name => {
            Promised { name: about.name, sentence: about.sentence, source: about.source }
        }
        // It was not claimed, but what was is broken by what breaks it.
        _ => Promised { name: claim.name(), sentence: claim.sentence(), source: claim.sentence() },
    };
    let (violation, shown) = (&found.violation, shown(found)?);
    let judgement =
        judgement_of(&trace, &promised, (&violation.found, &violation.operations), shown.as_ref());
    let remarks = [format!("Hunted in real time, which no seed repeats: {}", again(found.again))];
    let told = Told {
        trace: &trace,
        judgements: &[judgement],
        title: format!("{} · found by a hunt, seed {}", caught.name, found.schedule.seed),
        replay: &replay(caught, found),
        remarks: &remarks,
        times: Times::Recorded,
        source: String::new(),
        doings: found.schedule.faults.iter().map(|fault| doing(fault, found, &trace)).collect(),
    };
    pictures::draw(drawn, &told)
}

/// The command that tries that round again.
fn replay(caught: &Caught, found: &Found) -> String {
    let again = &caught.again;
    if again.contains(" --schedule ") {
        again.clone()
    } else {
        format!("{again} --from {}", found.schedule.seed)
    }
}

/// A fault as what the world did: to the clients of a site is done what is done to the site.
fn doing(fault: &Fault, found: &Found, trace: &Trace) -> Doing {
    let at = |time: std::time::Duration| TrueTime::from_ns(0).saturating_add(time);
    let (from, until) = (at(fault.from), at(fault.until.min(found.schedule.until)));
    let of = |site: usize| -> Vec<NodeId> {
        let begins = format!("{}-", SITE_NAMES[site]);
        trace
            .nodes()
            .iter()
            .filter(|name| name.starts_with(&begins))
            .filter_map(|name| trace.node(name))
            .collect()
    };
    let (kind, groups) = match fault.harm {
        Harm::Cut { source, target } => ("cut", vec![of(source), of(target)]),
        Harm::Isolate { site } => {
            let all = trace.nodes().iter().filter_map(|name| trace.node(name));
            let own = of(site);
            let others = all.filter(|node| !own.contains(node)).collect();
            ("partition", vec![own, others])
        }
        Harm::Pause { site } => ("pause", vec![of(site)]),
        Harm::Kill { site } => ("other", vec![of(site)]),
        Harm::Clock { site, .. } => ("step", vec![of(site)]),
        Harm::Slow { source, target, .. } => ("slow", vec![of(source), of(target)]),
        Harm::Lose { source, target, .. } => ("other", vec![of(source), of(target)]),
    };
    Doing::lasting(kind, from, until, groups, fault.harm.to_string())
}

//! The command `constellation`: it parses, calls a library and prints; what a run means is decided elsewhere.

#![forbid(unsafe_code)]

mod args;
mod ascii;
mod commands;
mod file;
mod given;
mod interrupts;
mod judgements;
mod pictures;
mod printer;
mod progress;
mod source;
mod target;
mod timeline;
#[cfg(feature = "tui")]
mod tui;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::printer::Printer;

fn main() -> ExitCode {
    // A site of a testbed, and an adapter there, are this program again.
    constellation_servers::serve();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => return printer::told(&told),
    };
    let mut printer = Printer::new(arguments.color, arguments.ascii);
    let outcome = match arguments.command {
        Command::Run(run) => commands::run::run(&run, &mut printer),
        Command::Hunt(hunt) => commands::hunt::run(&hunt, &mut printer),
        Command::Replay(replay) => commands::replay::run(&replay, &mut printer),
        Command::Report(report) => commands::report::run(&report, &mut printer),
        Command::Export(export) => commands::export::run(&export, &mut printer),
        Command::Join(join) => commands::join::run(&join, &mut printer),
        #[cfg(feature = "tui")]
        Command::Tui(tui) => commands::tui::run(&tui, &mut printer),
        Command::Explore(explore) => commands::explore::run(&explore, &mut printer),
        Command::Live(live) => commands::live::run(&live, &mut printer),
        Command::LiveNode => commands::live::serve(),
        Command::Scenarios(scenarios) => commands::scenarios::run(&scenarios, &mut printer),
        Command::Specimens(specimens) => commands::specimens::run(&specimens, &mut printer),
        Command::Sweep(sweep) => commands::sweep::run(&sweep, &mut printer),
        Command::Check(check) => commands::check::run(&check, &mut printer),
        Command::Judge(judge) => commands::judge::run(&judge, &mut printer),
        Command::Models(models) => commands::models::run(&models, &mut printer),
        Command::Place(place) => commands::place::run(&place, &mut printer),
        Command::Audit(audit) => commands::audit::run(&audit, &mut printer),
        Command::Claims(claims) => commands::claims::run(&claims, &mut printer),
        Command::Completions(completions) => commands::completions::run(&completions, &mut printer),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            printer.error(&error);
            ExitCode::from(printer::UNUSABLE)
        }
    }
}

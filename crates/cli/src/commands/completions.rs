//! `constellation completions`: the script that lets a shell complete our commands.

use clap::CommandFactory;

use crate::args::{Arguments, Completions};
use crate::printer::Printer;

pub(crate) fn run(arguments: &Completions, printer: &mut Printer) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "constellation", &mut script);
    printer.bytes(&script)?;
    Ok(0)
}

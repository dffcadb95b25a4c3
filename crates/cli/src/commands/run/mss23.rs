//! `constellation run mss-23`: six worlds that look the same to who asked.

use anyhow::bail;

use crate::args;
use crate::printer::Printer;

pub(super) fn run(_arguments: &args::Run, _printer: &mut Printer) -> anyhow::Result<u8> {
    bail!("`mss-23` cannot be run yet")
}

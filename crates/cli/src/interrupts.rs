//! What Ctrl-C does: what is under way ends and tells what it has found; at the second time, all ends at once.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

use crate::printer::tell_now;

/// Whether Ctrl-C was pressed.
pub(crate) struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// Listens from now on; once a program. `told` is said at the first time.
    pub(crate) fn listen(told: &'static str) -> anyhow::Result<Interrupts> {
        Interrupts::listen_and(told, || {})
    }

    /// As [`Interrupts::listen`]; at the second time `at_last` is still done, and nothing else.
    pub(crate) fn listen_and(
        told: &'static str,
        at_last: impl Fn() + Send + 'static,
    ) -> anyhow::Result<Interrupts> {
        /// What a shell calls a program that was ended by Ctrl-C.
        const EXIT_CODE: i32 = 130;
        let interrupted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&interrupted);
        let handler = move || {
            if seen.swap(true, Ordering::Relaxed) {
                at_last();
                process::exit(EXIT_CODE);
            }
            tell_now(&format!("Ctrl-C: {told}; once more ends it at once"));
        };
        ctrlc::set_handler(handler).context("cannot listen for Ctrl-C")?;
        Ok(Interrupts(interrupted))
    }

    /// What is set once it was pressed, for whoever looks at it by himself.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// Whether it was pressed by now.
    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

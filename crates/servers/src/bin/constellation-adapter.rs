//! The built-in adapters as a program of their own, for whoever drives one without the main command: `constellation-adapter
//! NAME ARGUMENT…`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, arguments)) = arguments.split_first() else {
        eprintln!("name an adapter, and what it needs");
        return ExitCode::from(2);
    };
    match constellation_servers::adapters::run(name, arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

//! Wall clocks that lie to one process: libfaketime in front of the C library, where the program asks that for the time.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Whether the wall clock can be made to lie to a program; why not, if it cannot.
pub(crate) fn check(program: &Path) -> Result<(), String> {
    library()?;
    let bytes = fs::read(program).map_err(|error| format!("it cannot be read: {error}"))?;
    match bytes.get(..4) {
        Some(b"\x7fELF") => {}
        _ if bytes.starts_with(b"#!") => return Err("it is a script: name what interprets it".to_owned()),
        _ => return Err("it is no program that we know (ELF)".to_owned()),
    }
    if !has_interpreter(&bytes).ok_or("its headers are not those of a 64-bit program")? {
        return Err("it is linked statically, so no library comes before its own".to_owned());
    }
    // What `go version` looks for; written backwards, so that it is not found in ourselves.
    const GO: &[u8] = b":fnidliub oG \xff";
    if holds(&bytes, GO) {
        return Err("it is written in Go, which asks the kernel for the time and no library".to_owned());
    }
    const JEMALLOC: &[u8] = b"os.collamejbil";
    if holds(&bytes, JEMALLOC) {
        let reason = "its allocator, jemalloc, asks for the time before libfaketime (0.9.10) is ready, and it ends or hangs";
        return Err(reason.to_owned());
    }
    Ok(())
}

/// Whether these bytes are in a program, read backwards.
fn holds(program: &[u8], backwards: &[u8]) -> bool {
    let first = backwards.last();
    // The first byte alone rules nearly all places out: programs have hundreds of megabytes.
    program
        .windows(backwards.len())
        .any(|window| window.first() == first && window.iter().rev().eq(backwards))
}

/// Whether the kernel is to load the program with the dynamic linker (segment `PT_INTERP`, elf(5)).
fn has_interpreter(program: &[u8]) -> Option<bool> {
    const CLASS_64: u8 = 2;
    const PT_INTERP: u32 = 3;
    if program.get(4) != Some(&CLASS_64) {
        return None;
    }
    let short = |at: usize| Some(u16::from_ne_bytes(*program.get(at..)?.first_chunk()?));
    let word = |at: usize| Some(u32::from_ne_bytes(*program.get(at..)?.first_chunk()?));
    let long = |at: usize| Some(u64::from_ne_bytes(*program.get(at..)?.first_chunk()?));
    let (first, size, count) = (usize::try_from(long(32)?).ok()?, usize::from(short(54)?), short(56)?);
    for number in 0..usize::from(count) {
        if word(first.checked_add(size.checked_mul(number)?)?)? == PT_INTERP {
            return Some(true);
        }
    }
    Some(false)
}

/// Where libfaketime is.
fn library() -> Result<PathBuf, String> {
    const NAME: &str = "libfaketimeMT.so.1";
    let above = ["/usr/lib", "/usr/local/lib", "/lib"].map(Path::new);
    let triples = above.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let folders = triples.map(|entry| entry.path()).chain(above.iter().map(|folder| folder.to_path_buf()));
    let mut places = folders.flat_map(|folder| [folder.join("faketime").join(NAME), folder.join(NAME)]);
    let help = || "libfaketime is not installed (Debian's package `faketime`)".to_owned();
    places.find(|place| place.is_file()).ok_or_else(help)
}

/// What a process has to find in its environment, so that its clock shows what the file says.
pub(crate) fn environment(file: &Path) -> Result<Vec<(OsString, OsString)>, String> {
    Ok(vec![
        ("LD_PRELOAD".into(), library()?.into_os_string()),
        ("FAKETIME_TIMESTAMP_FILE".into(), file.as_os_str().to_owned()),
        // The file is read again each time the process asks, so that the clock can jump.
        ("FAKETIME_NO_CACHE".into(), "1".into()),
        ("FAKETIME_DONT_FAKE_MONOTONIC".into(), "1".into()),
        ("DONT_FAKE_MONOTONIC".into(), "1".into()),
        // What its processes would share, a kill would leave behind.
        ("FAKETIME_DISABLE_SHM".into(), "1".into()),
    ])
}

/// How libfaketime writes that a clock is ahead.
pub(crate) fn offset(ahead_ns: i64) -> String {
    let sign = if ahead_ns < 0 { '-' } else { '+' };
    let ahead_ns = ahead_ns.unsigned_abs();
    format!("{sign}{}.{:09}\n", ahead_ns / 1_000_000_000, ahead_ns % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_has_a_sign_and_all_its_digits() {
        assert_eq!(offset(0), "+0.000000000\n");
        assert_eq!(offset(-1_500_000_000), "-1.500000000\n");
        assert_eq!(offset(600_000_000_001), "+600.000000001\n");
        assert_eq!(offset(i64::MIN), "-9223372036.854775808\n");
    }

    #[test]
    fn headers_that_are_none_are_no_program() {
        assert_eq!(has_interpreter(&[0; 64]), None);
        let mut program = vec![0_u8; 64];
        program[4] = 2;
        assert_eq!(has_interpreter(&program), Some(false));
        program[56] = 1; // One header, of no length, at 0.
        assert_eq!(has_interpreter(&program), Some(false));
        program[32..40].fill(0xff);
        assert_eq!(has_interpreter(&program), None);
        let own = fs::read("/proc/self/exe").expect("there is a program that runs");
        assert_eq!(has_interpreter(&own), Some(cfg!(not(target_feature = "crt-static"))));
    }
}

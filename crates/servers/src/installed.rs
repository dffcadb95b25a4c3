//! Where the programs of a server are on this machine, and of which version they are.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use constellation_lab::words::one_line;

use crate::server::{Need, ServerInfo};

/// A program that is not here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missing {
    /// Which.
    pub program: String,
    /// The Debian package that it comes from; empty where there is none.
    pub package: String,
}

/// Where each of [`ServerInfo::needs`] is, in their order.
///
/// # Errors
/// The first that is missing.
pub fn find(info: &ServerInfo) -> Result<Vec<PathBuf>, Missing> {
    info.needs.iter().map(one).collect()
}

/// Where one program is.
///
/// # Errors
/// It is nowhere.
pub fn one(need: &Need) -> Result<PathBuf, Missing> {
    let missing = || Missing { program: need.program.clone(), package: need.package.clone() };
    if need.program.contains('/') {
        return Some(PathBuf::from(&need.program)).filter(|path| is_program(path)).ok_or_else(missing);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(need.folders.iter().flat_map(|folder| spread(folder)));
    let mut places = folders.map(|folder| folder.join(&need.program));
    places.find(|place| is_program(place)).ok_or_else(missing)
}

/// The folders that are meant by a path of which one part may be `*`; of versions the greatest first.
fn spread(folder: &str) -> Vec<PathBuf> {
    let Some((before, after)) = folder.split_once("/*") else { return vec![PathBuf::from(folder)] };
    let Ok(entries) = fs::read_dir(before) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    // As a number where it is one, so that 15 comes before 9.
    let version = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name.parse::<u32>().ok(), name)
    };
    found.sort_by_key(|path| std::cmp::Reverse(version(path)));
    found.into_iter().map(|path| path.join(after.trim_start_matches('/'))).collect()
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// How long a program may take to say its version.
const VERSION_WITHIN: Duration = Duration::from_secs(5);
/// The most that is read of what it prints, in bytes.
const VERSION_BYTES_MAX: u64 = 64 << 10;

/// What the server says of its version: the first line that it prints, or nothing where it prints none or takes longer than
/// five seconds. Runs it.
pub fn version(info: &ServerInfo) -> Option<String> {
    const LETTERS_MAX: usize = 100;
    let program = one(info.needs.first()?).ok()?;
    if info.version.is_empty() {
        return None;
    }
    let text = printed(Command::new(program).args(&info.version), VERSION_WITHIN)?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line: String = line.chars().take(LETTERS_MAX).collect();
    Some(one_line(&line).into_owned())
}

/// What a program prints, first as output and then as errors; nothing if it goes on for too long. What is too much ends it.
fn printed(command: &mut Command, within: Duration) -> Option<String> {
    let pipes = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().ok()?;
    let (says, said) = channel();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|pipe| -> Box<dyn Read + Send> { Box::new(pipe) }),
        child.stderr.take().map(|pipe| -> Box<dyn Read + Send> { Box::new(pipe) }),
    ];
    for (nth, pipe) in pipes.into_iter().flatten().enumerate() {
        let says = says.clone();
        // Whoever is not waited for any more tells nobody.
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.take(VERSION_BYTES_MAX).read_to_end(&mut bytes);
            let _ = says.send((nth, bytes));
        });
    }
    let until = Instant::now() + within;
    let mut heard: Vec<(usize, Vec<u8>)> = Vec::new();
    while heard.len() < 2 {
        match said.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(one) => heard.push(one),
            Err(_) => break,
        }
    }
    // It has closed what it prints on, or never will.
    let _ = child.kill();
    let _ = child.wait();
    heard.sort_unstable();
    let is_whole = heard.len() == 2;
    is_whole.then(|| heard.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(program: &str, folders: &[&str]) -> Need {
        let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
        Need { program: program.to_owned(), folders, package: "coreutils".to_owned() }
    }

    #[test]
    fn what_a_program_prints_is_bounded_and_so_is_the_wait_for_it() {
        let of = |script: &str, within| printed(Command::new("/bin/sh").args(["-c", script]), within);
        let long = Duration::from_secs(60);
        assert_eq!(of("echo two >&2; echo one", long).as_deref(), Some("one\ntwo\n"));
        assert_eq!(of("exec sleep 1000", Duration::from_millis(10)), None);
        assert_eq!(of("exec yes", long).map(|text| text.len() as u64), Some(VERSION_BYTES_MAX));
    }

    #[test]
    fn a_program_is_found_in_path_by_its_path_and_in_a_folder_of_a_version() {
        let in_path = one(&need("sh", &[])).expect("there is a shell");
        assert_eq!(one(&need(&in_path.display().to_string(), &[])), Ok(in_path.clone()));
        let above = in_path.parent().and_then(Path::parent).expect("it is in a folder of another");
        let name = in_path.file_name().expect("it has a name").to_string_lossy().into_owned();
        assert!(spread(&format!("{}/*", above.display())).iter().any(|folder| folder.join(&name) == in_path));
        let missing = Missing { program: "no-such-program".to_owned(), package: "coreutils".to_owned() };
        assert_eq!(one(&need("no-such-program", &["/no/*/such"])), Err(missing));
    }
}

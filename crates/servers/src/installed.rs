//! Where the programs of a server are on this machine, and of which version they are.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// What the server says of its version: the first line that it prints, or nothing where it prints none. Runs it.
pub fn version(info: &ServerInfo) -> Option<String> {
    const LETTERS_MAX: usize = 100;
    let program = one(info.needs.first()?).ok()?;
    if info.version.is_empty() {
        return None;
    }
    let output = Command::new(program).args(&info.version).stdin(Stdio::null()).output().ok()?;
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line: String = line.chars().take(LETTERS_MAX).collect();
    Some(one_line(&line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(program: &str, folders: &[&str]) -> Need {
        let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
        Need { program: program.to_owned(), folders, package: "coreutils".to_owned() }
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

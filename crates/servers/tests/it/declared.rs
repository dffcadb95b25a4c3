//! What servers say of themselves, without starting any.

use std::collections::BTreeSet;

use constellation_lab::placement::catalogue::Catalogue;
use constellation_servers::servers::SERVERS;
use constellation_verify::models;

#[test]
fn each_mode_has_a_name_of_its_own_a_known_model_and_a_declaration_that_exists() {
    let catalogue = Catalogue::shipped();
    let mut names = BTreeSet::new();
    for server in SERVERS {
        let info = server.info();
        assert!(!info.modes.is_empty() && !info.needs.is_empty(), "{}", info.name);
        for mode in &info.modes {
            let name = format!("{}/{}", info.name, mode.name);
            let is_plain =
                |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
            assert!(mode.name.chars().all(is_plain), "{name}");
            if let Some(model) = &mode.model {
                assert!(models::find(model).is_ok(), "{name} claims {model}");
            }
            if let Some((system, setting)) = &mode.declared {
                let found = catalogue.systems.iter().find(|other| other.name == *system);
                let is_there =
                    found.is_some_and(|found| found.settings.iter().any(|one| one.setting == *setting));
                assert!(is_there, "{name} is said to be declared as {system}, {setting}");
            }
            assert!(names.insert(name.clone()), "{name} is there twice");
        }
    }
    assert_eq!(names.len(), 26);
}

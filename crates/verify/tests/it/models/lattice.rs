//! What models say of one another, and the histories by which they are told apart.

use constellation_trace::Limit;
use constellation_verify::models::{
    self, Border, Finding, Judged, Known, SEPARATIONS, Separation, conclude, implies, strongest_first,
};
use expect_test::expect;

#[test]
fn each_separation_is_allowed_and_forbidden_as_it_says() {
    let mut count = 0;
    for separation in &SEPARATIONS {
        let both = (models::find(separation.allowed), models::find(separation.forbidden));
        // A model that is not there yet is told by the table below.
        let (Ok(allows), Ok(forbids)) = both else { continue };
        count += 1;
        let found = [allows, forbids].map(|model| separation.judge(model).expect("it is a sketch"));
        assert_eq!(found[0].word(), "holds", "{} under {}", separation.name, separation.allowed);
        assert_eq!(found[1].word(), "violated", "{} under {}", separation.name, separation.forbidden);
        let chosen = Separation::between(allows, forbids).expect("this one is");
        assert_eq!((chosen.allowed, chosen.forbidden), (separation.allowed, separation.forbidden));
    }
    assert!(count >= 19, "only {count} separations are of known models");
}

#[test]
fn no_judge_contradicts_the_order_of_models() {
    for separation in &SEPARATIONS {
        let judged: Vec<Judged> = models::all()
            .iter()
            .map(|model| Judged::new(model.about(), separation.judge(*model).expect("it is a sketch")))
            .collect();
        for stronger in judged.iter().filter(|one| one.known() == Known::Holds) {
            for weaker in judged.iter().filter(|one| one.known() == Known::Fails) {
                // Models of single operations and of transactions are asked of two histories where they differ.
                let is_one = separation.apart.is_empty() || stronger.about.judges == weaker.about.judges;
                let (name, above, below) = (separation.name, stronger.about.name, weaker.about.name);
                assert!(
                    !is_one || !implies(stronger.about, weaker.about),
                    "{name}: {above} holds and {below} does not"
                );
            }
        }
    }
}

#[test]
fn stronger_models_stand_before_weaker_ones() {
    let mut reversed: Vec<_> = models::all().to_vec();
    reversed.reverse();
    for models in [models::all().to_vec(), reversed] {
        let ranked = strongest_first(&models);
        assert_eq!(ranked.len(), models.len());
        for (place, weaker) in ranked.iter().enumerate() {
            for stronger in &ranked[place + 1..] {
                let (below, above) = (weaker.about(), stronger.about());
                assert!(!implies(above, below), "{} stands behind {}", above.name, below.name);
            }
        }
    }
    let causal = models::find("causal").expect("it is there");
    assert_eq!(strongest_first(&[causal, causal]).len(), 1, "each once");
}

#[test]
fn what_one_judge_cannot_tell_others_decide() {
    let judged = |name: &str, finding| Judged::new(models::find(name).expect("it is there").about(), finding);
    let limit = || Finding::Unknown(Limit::Unfit("tired".to_owned()));
    let wrong = || Finding::Violated(models::Anomaly::plain("wrong", []));
    let told = |mut all: Vec<Judged>| {
        conclude(&mut all);
        let names =
            |abouts: Vec<&models::About>| abouts.iter().map(|about| about.name).collect::<Vec<_>>().join(" ");
        let border = Border::of(&all);
        let rows = all.iter().map(|one| {
            let by = one.decided_by.map_or(String::new(), |by| format!(" by {}", by.name));
            format!("{} {:?}{by}\n", one.about.name, one.known())
        });
        let rows: String = rows.collect();
        format!("{rows}strongest {}\nweakest {}\n", names(border.strongest), names(border.weakest))
    };
    let cases = [
        vec![judged("causal-memory", Finding::Holds), judged("causal", limit()), judged("pram", limit())],
        vec![
            judged("causal-memory", limit()),
            judged("causal-convergence", limit()),
            judged("causal", wrong()),
        ],
        vec![
            judged("causal-memory", wrong()),
            judged("causal-convergence", limit()),
            judged("causal", Finding::Holds),
            judged("pram", Finding::Holds),
        ],
    ];
    expect![[r#"
        causal-memory Holds
        causal Holds by causal-memory
        pram Holds by causal-memory
        strongest causal-memory
        weakest 

        causal-memory Fails by causal
        causal-convergence Fails by causal
        causal Fails
        strongest 
        weakest causal

        causal-memory Fails
        causal-convergence Nothing
        causal Holds
        pram Holds
        strongest causal pram
        weakest causal-memory
    "#]]
    .assert_eq(&cases.map(told).join("\n"));
}

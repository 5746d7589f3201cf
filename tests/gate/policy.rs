//! What a team says counts, through the program.

use crate::index::{File, LINUX, NOT_USED, USED, serve, wheel};
use crate::run::Place;
use crate::server::Server;

fn server() -> Server {
    serve(vec![
        wheel("foo", "1.0", LINUX, USED),
        wheel("bar", "1.0", LINUX, NOT_USED),
        wheel("baz", "1.0", LINUX, USED),
        File::new("source-1.0.tar.gz", b"sources".to_vec()),
    ])
}

/// A project with this configuration that requires these.
fn project(configuration: &str, requirements: &str) -> Place {
    Place::new(&[("ftaudit.toml", configuration), ("requirements.txt", requirements)])
}

const CHECK: &[&str] = &["-r", "requirements.txt", "--no-deps"];

#[test]
fn levels_of_rules_decide() {
    for (rule, requirement, [deny, unsure, warn, allow]) in [
        ("gil-reenabled", "foo==1.0", [1, 3, 0, 0]),
        ("source-only", "source==1.0", [1, 3, 0, 0]),
        ("no-free-threaded-wheel", "nothing==1.0", [1, 3, 0, 0]),
    ] {
        for (level, status) in [("deny", deny), ("unsure", unsure), ("warn", warn), ("allow", allow)] {
            let configuration = format!("[rules]\n{rule} = \"{level}\"\n");
            let run = project(&configuration, requirement).check(&server(), CHECK);
            assert_eq!(run.status, status, "{rule} {level}: {}\n{}", run.stdout, run.stderr);
        }
    }
    // As part of a pyproject.toml, and not at all.
    let tool = "[tool.ftaudit.rules]\ngil-reenabled = \"warn\"\n";
    let place = Place::new(&[("pyproject.toml", tool), ("requirements.txt", "foo==1.0\n")]);
    place.check(&server(), CHECK).ends(0);
    place.check(&server(), &[CHECK, &["--no-config"]].concat()).ends(1);
}

#[test]
fn what_could_not_be_read_has_a_level() {
    let offline = [CHECK, &["--offline"]].concat();
    for (level, status) in [("deny", 1), ("unsure", 3)] {
        let configuration = format!("[rules]\nunread = \"{level}\"\nundetermined = \"{level}\"\n");
        let run = project(&configuration, "bar==1.0").check(&server(), &offline);
        assert_eq!(run.status, status, "{level}: {}\n{}", run.stdout, run.stderr);
    }
}

#[test]
fn an_ignore_holds_for_what_it_names() {
    let ignore =
        |more: &str| format!("[[ignore]]\nrule = \"gil-reenabled\"\nreason = \"known since May\"\n{more}\n");
    for (more, status) in [
        ("", 0),
        ("package = \"foo\"", 0),
        ("package = \"foo<2\"", 0),
        ("package = \"foo>=2\"", 1),
        ("package = \"baz\"", 1),
        ("module = \"foo.*\"", 0),
        ("module = \"other.*\"", 1),
        ("platforms = [\"linux-x86_64\"]", 0),
        ("platforms = [\"windows-x86_64\"]", 1),
        ("until = 2999-01-01", 0),
        ("until = 2001-01-01", 1),
        ("until-fixed = true", 0),
    ] {
        let run = project(&ignore(more), "foo==1.0").check(&server(), CHECK);
        assert_eq!(run.status, status, "{more}: {}\n{}", run.stdout, run.stderr);
        if status == 0 {
            run.says("known since May");
        }
    }
    let one = project(&ignore("package = \"foo\""), "foo==1.0\nbaz==1.0");
    one.check(&server(), CHECK).ends(1);
}

#[test]
fn an_ignore_that_ended_or_hides_nothing_is_said() {
    let ignore = |more: &str| format!("[[ignore]]\nrule = \"gil-reenabled\"\nreason = \"known\"\n{more}\n");
    let ended = project(&ignore("until = 2020-01-31"), "foo==1.0").check(&server(), CHECK);
    ended.ends(1).says("ended on 2020-01-31");
    let place = project(&ignore("until = 2020-01-31"), "foo==1.0");
    let server = server();
    let index = server.url("/simple/");
    let on = |day: &str| {
        let variables = [("SOURCE_DATE_EPOCH", day), ("FTAUDIT_INDEX_URL", index.as_str())];
        let words = ["check", "--no-suggest", "--platform", "linux-x86_64"];
        place.run(&variables, &[&words, CHECK].concat())
    };
    // The last day itself, and the next.
    on("1580428800").ends(0);
    on("1580515200").ends(1);
    let idle = project(&ignore(""), "bar==1.0").check(&server, CHECK);
    idle.ends(0).says("hides nothing");
}

#[test]
fn a_baseline_hides_what_was_known_and_nothing_else() {
    let (place, server) = (project("baseline = \"known.json\"\n", "foo==1.0\n"), server());
    // One that is named and not there is no reason to pass.
    place.check(&server, CHECK).ends(2).says("known.json");
    place.check(&server, &[CHECK, &["--write-baseline", "known.json"]].concat()).ends(0);
    place.check(&server, CHECK).ends(0).says("baseline");
    place.write("requirements.txt", "foo==1.0\nbaz==1.0\n");
    place.check(&server, CHECK).ends(1);
    place.check(&server, &[CHECK, &["--no-config"]].concat()).ends(1);
    // What cannot be read is never known.
    place.write("requirements.txt", "foo==1.0\n");
    place.check(&Server::new(|_| crate::server::Reply::status(500)), CHECK).ends(3);
}

#[test]
fn what_cannot_be_read_passes_where_the_policy_says_so_alone() {
    let broken = || Server::new(|_| crate::server::Reply::status(500));
    for (level, status) in [("deny", 1), ("unsure", 3), ("warn", 0)] {
        let place = project(&format!("[rules]\nunread = \"{level}\"\n"), "foo==1.0\n");
        place.check(&broken(), CHECK).ends(status).says("not read");
    }
    // The rule of another reason does not speak for it.
    project("[rules]\nundetermined = \"warn\"\n", "foo==1.0\n").check(&broken(), CHECK).ends(3);
}

#[test]
fn what_is_not_known_in_a_configuration_is_refused() {
    for (configuration, meant) in [
        ("platform = [\"all\"]\n", "platforms"),
        ("[rules]\ngil-renabled = \"warn\"\n", "gil-reenabled"),
        ("[rules]\ngil-reenabled = \"wran\"\n", "warn"),
        ("[[ignore]]\nrule = \"gil-reenabled\"\n", "reason"),
        ("[[ignore]]\nreason = \"all of it\"\n", "package"),
        ("targets = [\"3.14\"]\n", "3.14t"),
    ] {
        let run = project(configuration, "bar==1.0").check(&server(), CHECK);
        run.ends(2).says("ftaudit.toml").says(meant);
    }
}

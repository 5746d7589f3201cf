//! Settings from made-up surroundings.

use super::*;
use std::fs;

/// Installers that answer with their help.
struct Installer(&'static str);

impl Ask for Installer {
    fn ask(&self, program: &str, _: &[&str]) -> Option<String> {
        (program == self.0)
            .then(|| "  -i, --index-url <url>  Base (default https://builtin.example/simple).\n".to_owned())
    }
}

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn try_with(
        &self,
        options: &IndexOptions,
        variables: &[(&str, &str)],
    ) -> Result<Settings, SettingsError> {
        // Nothing of the machine that runs the test counts.
        let quiet = [("XDG_CONFIG_DIRS", self.0.path().join("etc").display().to_string())];
        let quiet = quiet.iter().map(|(name, value)| (*name, value.as_str()));
        let variables: Vec<(&str, &str)> = quiet.chain(variables.iter().copied()).collect();
        let surroundings = Surroundings::made_up(self.0.path(), &variables);
        Settings::resolve_asking(options, false, &surroundings, &Installer("uv"))
    }

    fn settings(&self, variables: &[(&str, &str)]) -> Settings {
        self.try_with(&IndexOptions::default(), variables).unwrap()
    }

    fn shown(&self, variables: &[(&str, &str)]) -> Vec<String> {
        shown(&self.settings(variables))
    }
}

fn shown(settings: &Settings) -> Vec<String> {
    settings.indexes.iter().map(|index| index.address.to_string()).collect()
}

#[test]
fn the_installer_s_own_index_is_asked_for_once() {
    let home = Home::new();
    assert_eq!(home.shown(&[]), ["https://builtin.example/simple"]);
    let surroundings = Surroundings::made_up(home.0.path(), &[]);
    let nobody = Installer("nobody");
    let kept = Settings::resolve_asking(&IndexOptions::default(), true, &surroundings, &nobody).unwrap();
    assert_eq!(shown(&kept), ["https://builtin.example/simple"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let surroundings = Surroundings::made_up(elsewhere.path(), &[]);
    let error =
        Settings::resolve_asking(&IndexOptions::default(), false, &surroundings, &nobody).unwrap_err();
    assert!(error.to_string().contains("hint: name it with --index-url"), "{error}");
}

#[test]
fn what_is_nearer_counts_more() {
    let home = Home::new();
    home.put(".config/pip/pip.conf", "[global]\nindex-url = https://pip-file.example/\n");
    assert_eq!(home.shown(&[]), ["https://pip-file.example/"]);
    home.put("uv.toml", "index-url = \"https://uv-file.example/\"");
    assert_eq!(home.shown(&[]), ["https://uv-file.example/"]);
    let mut variables = vec![("PIP_INDEX_URL", "https://pip.example/")];
    assert_eq!(home.shown(&variables), ["https://pip.example/"]);
    variables.push(("UV_DEFAULT_INDEX", "https://uv.example/"));
    assert_eq!(home.shown(&variables), ["https://uv.example/"]);
    variables.push(("FTAUDIT_INDEX_URL", "https://own.example/"));
    assert_eq!(home.shown(&variables), ["https://own.example/"]);
    let options =
        IndexOptions { index_url: Some("https://option.example/".to_owned()), ..IndexOptions::default() };
    assert_eq!(shown(&home.try_with(&options, &variables).unwrap()), ["https://option.example/"]);
    let options =
        IndexOptions { no_index: true, find_links: vec!["wheels".to_owned()], ..IndexOptions::default() };
    let settings = home.try_with(&options, &variables).unwrap();
    assert!(settings.indexes.is_empty());
    assert!(settings.find_links[0].to_string().ends_with("/wheels"));
}

#[test]
fn pip_s_files() {
    let home = Home::new();
    home.put(
        ".config/pip/pip.conf",
        "# comment\n[global]\nindex-url = https://u:p@a.example/#x\nextra_index_url =\n    https://b.example/\n    https://c.example/\n\
         [install]\nfind-links = one two\nindex-url: https://d.example/\n[freeze]\nindex-url=https://no.example/\n",
    );
    let settings = home.settings(&[]);
    assert_eq!(shown(&settings), ["https://b.example/", "https://c.example/", "https://d.example/"]);
    assert_eq!(settings.strategy, Strategy::Best);
    assert_eq!(settings.find_links.len(), 2);
    assert_eq!(home.shown(&[("PIP_CONFIG_FILE", "/dev/null")]), ["https://builtin.example/simple"]);
    home.put("env/pip.conf", "[global]\nindex-url = https://venv.example/\n");
    let environment = home.0.path().join("env").display().to_string();
    // `[install]` of the user's file still comes before `[global]` of the environment's, as in pip.
    assert_eq!(home.shown(&[("VIRTUAL_ENV", &environment)])[2], "https://d.example/");
}

#[test]
fn uv_s_files() {
    let home = Home::new();
    home.put(
        "pyproject.toml",
        "[project]\nname = 'x'\n[tool.uv]\n[[tool.uv.index]]\nname = 'my-own'\nurl = 'https://a.example/'\n\
         [[tool.uv.index]]\nname = 'torch'\nurl = 'https://t.example/'\nexplicit = true\n\
         [[tool.uv.index]]\nurl = 'https://default.example/'\ndefault = true\n[[tool.uv.index]]\nurl = 'flat'\nformat = 'flat'\n",
    );
    home.put(
        ".config/uv/uv.toml",
        "[[index]]\nurl = 'https://user.example/'\n[pip]\nindex-strategy = 'unsafe-best-match'\n",
    );
    let settings =
        home.settings(&[("UV_INDEX_MY_OWN_USERNAME", "somebody"), ("UV_INDEX_MY_OWN_PASSWORD", "secret")]);
    assert_eq!(
        shown(&settings),
        ["https://a.example/", "https://t.example/", "https://user.example/", "https://default.example/"]
    );
    assert_eq!(settings.strategy, Strategy::Best);
    assert!(settings.indexes[1].explicit && !settings.indexes[0].explicit);
    assert!(settings.find_links[0].to_string().ends_with("/flat"));
    assert_eq!(settings.indexes[0].address.login().map(|login| login.username.as_str()), Some("somebody"));
    let debug = format!("{settings:?}");
    assert!(!debug.contains("somebody") && !debug.contains("secret"), "{debug}");
    assert_eq!(home.shown(&[("UV_NO_CONFIG", "1")]), ["https://builtin.example/simple"]);
}

#[test]
fn whose_indexes_they_are_decides_the_rule() {
    let home = Home::new();
    let strategy = |variables: &[(&str, &str)]| home.settings(variables).strategy;
    assert_eq!(strategy(&[("UV_INDEX", "x=https://a.example/")]), Strategy::First);
    assert_eq!(strategy(&[("PIP_EXTRA_INDEX_URL", "https://a.example/")]), Strategy::Best);
    let both = [("PIP_EXTRA_INDEX_URL", "https://a.example/"), ("UV_INDEX_STRATEGY", "first-index")];
    assert_eq!(strategy(&both), Strategy::First);
}

#[test]
fn nothing_secret_is_in_an_error() {
    let home = Home::new();
    for text in
        ["index = 'https://user:secret@a.example/'", "[[index]]\nurl = 'https://user:secret@a.example", "["]
    {
        home.put("uv.toml", text);
        let error = home.try_with(&IndexOptions::default(), &[]).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("line 1") || shown.contains("line 2"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    home.put("uv.toml", "index-url = 'https://user:secret@:x/'");
    let error = home.try_with(&IndexOptions::default(), &[]).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
}

#[test]
fn the_cache_has_a_folder() {
    let home = Home::new();
    if cfg!(target_os = "linux") {
        assert_eq!(home.settings(&[]).cache, home.0.path().join(".cache/ftaudit/index"));
    }
    assert_eq!(home.settings(&[("FTAUDIT_CACHE_DIR", "here")]).cache, home.0.path().join("here"));
}

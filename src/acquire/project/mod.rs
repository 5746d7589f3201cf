//! What a project asks an installer for: requirements files, lock files, `pyproject.toml`, scripts, environments of
//! another Python, and requirements on the command line, as [`Want`](crate::model::Want)s for each target and
//! platform. Fetches nothing.

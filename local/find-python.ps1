# Prints the path of a Python 3.13, looked for as py, python3.13, python, then through uv. The twin of find-python.sh.
$path = 'import sys; sys.version_info[:2] == (3, 13) and print(sys.executable)'
foreach ($ask in { py -3.13 -c $args }, { python3.13 -c $args }, { python -c $args }, { & (uv python find 3.13) -c $args }) {
    try { $found = & $ask $path 2>$null } catch { continue }
    # A path with an umlaut may come in another code page than is read: one that is not there would stop the deployment.
    if ($LASTEXITCODE -eq 0 -and $found -and (Test-Path -LiteralPath $found)) { return $found }
}
[Console]::Error.WriteLine("Python 3.13 is missing. Install it (https://www.python.org/downloads/, 'pyenv install 3.13', or 'uv python install 3.13') and try again.")

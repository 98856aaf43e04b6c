"""
`python -m tundish`, for where the launcher's first line cannot hold the path.
"""

from tundish.cli.main import main

main()

"""Account given: what an officer, an auditor or the public asks for, filled from the settings in force.

Documents, the story of a pair as a pack that another machine checks, everything held on a person, outcomes by group.
It reads what is kept and says it; it changes nothing, and knows no page and no command.
"""

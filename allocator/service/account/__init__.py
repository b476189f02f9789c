"""Account given: what an officer, an auditor or the public asks for, filled from the settings in force."""

Definition goal := I.

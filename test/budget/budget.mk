.PHONY: budget
budget: deps-test ## write test/budget/budget.json: the instructions that a request may cost
	@$(MAKE) $(AGAIN) SAN= program
	@BUILD=build/release $(PYTHON) test/budget/run.py --write
	@$(HAND_BACK)

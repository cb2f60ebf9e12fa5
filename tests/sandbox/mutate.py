# Reads a problem of HumanEval with its solution (JSON: code, entry_point) and writes changed
# versions of the solution, as a JSON list of [kind, code]. "result": every result is changed, so no
# sound test passes. "step": one operator, number or comparison differs, which may or may not matter.
import ast, copy, json, sys

WRONG = '''

def _wrong(value):
    if value is None: return 0
    if isinstance(value, bool): return not value
    if isinstance(value, (int, float, complex)): return value + 1
    if isinstance(value, str): return value + 'x'
    if isinstance(value, list): return value + [0]
    if isinstance(value, tuple): return value + (0,)
    if isinstance(value, dict): return {**value, 'x': 0}
    return None

def _change(function):
    return lambda *args: _wrong(function(*args))

NAME = _change(NAME)
'''
SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Mod: ast.Mult,
         ast.FloorDiv: ast.Mult, ast.Div: ast.Mult, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
         ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn,
         ast.And: ast.Or, ast.Or: ast.And}


def change(node):
    if isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in SWAPS:
        node.op = SWAPS[type(node.op)]()
        return True
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        node.ops[0] = SWAPS[type(node.ops[0])]()
        return True
    if isinstance(node, ast.Constant) and type(node.value) is int:
        node.value += 1
        return True
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        node.value = not node.value
        return True
    return False


def steps(tree, name, most):
    def nodes(of):
        function = [n for n in of.body if isinstance(n, ast.FunctionDef) and n.name == name][-1]
        return list(ast.walk(function))
    places = [i for i, n in enumerate(nodes(tree)) if change(copy.deepcopy(n))]
    for index in places[::max(1, len(places) // most)][:most]:
        changed = copy.deepcopy(tree)
        change(nodes(changed)[index])
        yield ['step', ast.unparse(changed)]


problem = json.load(sys.stdin)
code, name = problem['code'], problem['entry_point']
print(json.dumps([['result', code + WRONG.replace('NAME', name)]] + list(steps(ast.parse(code), name, 3))))

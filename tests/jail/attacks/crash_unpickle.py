# Unpacks a text that calls what it likes.
# expect: exited|killed ""
import pickle

pickle.loads(b"cos\n_exit\n(I0\ntR.")

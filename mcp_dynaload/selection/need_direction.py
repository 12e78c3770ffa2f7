"""Where among the vectors of prompts those lie that ask for tools: by `mcp_dynaload.evaluation.fit`."""

NEED_DIRECTION = (
    "ST2NuVO5aDklNgu48bl8tyi55a8JORI53DnzrKC6RjKmOKAkdK52Mjw5zTNZuvc4zT0vsj+3FS4fumyzfisxsqO6tzKnPdywHjGls8OwC7wlKzGz"
    "jbOUNJOc6bTYN1c0LD7mPLq267miORe6M6/DOIg9zq02tYiyIz2uMjy7HLliu885PDApsnw1BjPKuRs6XjWFuiQ01qZULV41CjghsgM85Dh/urc2"
    "srZMsHo8BreWukE6OrYZu5Myj7k7tKe6V7kON0Yv8rVatxG9arEZuba15zBnsJKxEDtluBi49rDZtSe7MDgpNJExzraJOIYqFjgIue44WDhrtRq1"
    "hTUAgOUzULfKNfA8d7lfOr46IThRMdo07yMMOH0qvr7evjs5VJ1SOU45yBsIt6m2XbZXqUs8pjSOtqgwpDR8uPwpKLWGqr8l4LR/Pv25hTmOONA4"
    "mzvWOCW7xDawvDW6D7c1tl0oJqxjr9k5GjRmJk60aDiJtMe4lTywMMG4MzNKv0YtRDQ/rukq9zOqvLQ5xTUbofw1WjfMOCU53bZTN961Py5OlQw4"
    "oTbttdssOjndI+U0MS8rMhSuManPNn0wULoAAA49qCwftRQ1/C5+NNkx8TiLumssljn5Mnw5Ar0hK5M3yrIJOZo4ujjmuFy7MTR6kYs3XDNuOl01"
    "5bW5NAs0pbkmsm03tDXzMr40K7g4qIY4qDYfs1m1vLu3NbomQ7nWOdAg0DVNtoCtabVrNfakBjw+PPQ1HLRZOyUt4ziRtZ4v9SsNq2+/o6uyous8"
    "3LLfuVc3L6xfqnU7CD2WsNktZzaNPGAx5i/ptPQ/uj0NunS7RDCJsSs3crY7vDm7CLg1dUg5KbdiN0ywwrcNJGm1iTvetbu08SaTuTM1RbuAtK+8"
    "O7kIu5c6ibQ5qqg54zS4uEkvdDedMEKk8jR7OVi1wLV7MRa5qTTGFOQ5N7JIlD86NTURPKsx/bZ0tJ83Ey/grCY7aDQ1Lhi2eDRSNnS2NDertR05"
    "e7MkMGSrLrpNpkq1"
)
"""Read with `combination.unpacked`."""

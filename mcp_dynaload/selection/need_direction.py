"""Where among the vectors of prompts those lie that ask for tools: by `mcp_dynaload.evaluation.fit`."""

NEED_DIRECTION = (
    "Xjq/vGayz7jMQHs4Pr/FvU2+yr2TsSBA0zsBvxykR751PODAc648Ob05ZrYCNshAdyufOcbCWEDAwFm/o78evOIvljdfQ+q5ykDZtO64"
    "kjRNPbQ4CL6iu765h7YCPyszh0NbPuQ9MLzFNqnA3banPBVAxD0WrCe4wj0cPt3A3LxNvRgsTr7kOq+8FTUZuTyxyLYbwKY+MrikQPm8"
    "+LyquzFDYjW9tBs3dJnnu1A+0jyZNWS60a9st7U+ibnWtCTAKrLvtmVBskFCswE5XL+Ln5+2sLqNO/qqyTsDwJ4xebIxusy9PTjBsO44"
    "7Lq4Qok46DxgPHC2f7UtK+g6Fj4bXZ8+9re9rvM8v7jQutC8JznVNss6gjSEufVAAsO8wOe71DPkuiovP7Ettc+25ziSPU84azleuz60"
    "1Lkdwhc5ATjjKHS+MbETP6zAQS3oum+25EGmPYK/uULTweI5GLYJMFA6yLQ+P86zgr4YPPe9G7qtPcq+P0FwPew67DheveAmTLyhOVnB"
    "Oz5CvLk1Sz9yMX2wHzomPTdEaLD6PuC5MzRZPNU8crwDujm8EabmsdqwxzgWtrSwrTmavdk8VbfPYiC9rrr0us84Nbkut+Y2rTiwv+LA"
    "VkCqPva2fzf/NH08NTuuuydChTkOwF248DTitXNAUzsPP8s8s75MOS6mtbxgwF08FkH4ub44Ar0luki3Zj/PtGG/DLFmuu250bnQuMAx"
    "SDtLup462LhKPCK5yDs9Obo9hTBwvGs9wiuTOnKuKD0ENCi9Rjc5NVE+AzBPwAO8Rq2ROJk/CDH5vtw8arnwQUM9v7kzOKpDCD03OX26"
    "qUCLuvQ/aDCGvb+8KjKgWBQ21j8ZOXK1nriCvhe9aEUEMiRBt7/ALOm84TbPu969CTcNv/e8dMMOtEAypD5IvZg+jzUWuV8zmSQ4P/83"
    "Mr/6O0fCtjk0Kg68krbguctBskDhu7A6xr/etQc7xsEYuq9AJLmqvaY02LvDPjE2ejlpvYuscLhEvTk4sSUEu2S2"
)
"""Read with `combination.unpacked`."""

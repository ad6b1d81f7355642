using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;

namespace GatewayKit.Pipeline;

[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(string))]
internal sealed partial class ProblemJsonContext : JsonSerializerContext;

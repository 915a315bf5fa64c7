"""What template.yaml promises about the HTTPS API: its routes, and who may call the function."""

from functions.customer_api import app
from tests.support.template import cloudformation, resources


def test_the_gateway_and_the_function_have_the_same_routes() -> None:
    gateway = {route["Properties"]["RouteKey"] for route in resources("AWS::ApiGatewayV2::Route").values()}
    function = {f"{route.method} {route.path}" for route in (*app.api._static_routes, *app.api._dynamic_routes)}
    assert gateway == function


def test_every_route_goes_to_the_functions_alias() -> None:
    for name, route in resources("AWS::ApiGatewayV2::Route").items():
        assert route["Properties"]["Target"] == {"Fn::Sub": "integrations/${CustomerApiIntegration}"}, name
    integration = cloudformation()["Resources"]["CustomerApiIntegration"]["Properties"]
    assert integration["IntegrationUri"] == {"Ref": "CustomerApiFunctionAliaslive"}
    assert integration["PayloadFormatVersion"] == "2.0"


def test_only_routes_for_anybody_go_without_a_token() -> None:
    routes = resources("AWS::ApiGatewayV2::Route").values()
    public = {route["Properties"]["RouteKey"] for route in routes if route["Properties"]["AuthorizationType"] == "NONE"}
    assert public == {"GET /v1/hotline/numbers", "GET /v1/hotline/numbers/verify"}


def test_the_gateway_may_call_the_function_for_this_api_only() -> None:
    permission = cloudformation()["Resources"]["CustomerApiPermission"]["Properties"]
    assert permission["FunctionName"] == {"Ref": "CustomerApiFunctionAliaslive"}
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/*")
